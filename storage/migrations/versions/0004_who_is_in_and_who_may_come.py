"""Who is in, who may come and who leads: households, groups, rosters, many communities."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import storage.types
from storage.streets import address_key, address_order
from storage.words import findable_by

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table('billing_month',
    sa.Column('community_id', sa.Integer(), nullable=False),
    sa.Column('month', sa.Date(), nullable=False),
    sa.Column('household_count', sa.Integer(), nullable=False),
    sa.Column('member_count', sa.Integer(), nullable=False),
    sa.Column('closed_at', storage.types.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['community_id'], ['community.id'], name=op.f('fk_billing_month_community_id')),
    sa.PrimaryKeyConstraint('community_id', 'month', name=op.f('pk_billing_month'))
    )
    op.create_table('chat_choice',
    sa.Column('chat', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('place', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('user_id', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('community_id', sa.Integer(), nullable=False),
    sa.Column('at', storage.types.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['community_id'], ['community.id'], name=op.f('fk_chat_choice_community_id')),
    sa.PrimaryKeyConstraint('chat', 'place', 'user_id', name=op.f('pk_chat_choice'))
    )
    with op.batch_alter_table('chat_choice', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_chat_choice_community_id'), ['community_id'], unique=False)

    op.create_table('logo',
    sa.Column('community_id', sa.Integer(), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('digest', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('width', sa.Integer(), nullable=False),
    sa.Column('height', sa.Integer(), nullable=False),
    sa.Column('at', storage.types.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['community_id'], ['community.id'], name=op.f('fk_logo_community_id')),
    sa.PrimaryKeyConstraint('community_id', name=op.f('pk_logo'))
    )
    op.create_table('roster_entry',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('community_id', sa.Integer(), nullable=False),
    sa.Column('address', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('address_key', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('street', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('name', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('name_key', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('email', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('email_key', sa.LargeBinary(), nullable=True),
    sa.Column('phone', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('phone_key', sa.LargeBinary(), nullable=True),
    sa.Column('language', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('created_at', storage.types.UTCDateTime(timezone=True), nullable=False),
    sa.Column('updated_at', storage.types.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['community_id'], ['community.id'], name=op.f('fk_roster_entry_community_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_roster_entry')),
    sa.UniqueConstraint('community_id', 'address_key', 'name_key', name=op.f('uq_roster_entry_community_id_address_key_name_key'))
    )
    with op.batch_alter_table('roster_entry', schema=None) as batch_op:
        batch_op.create_index('ix_roster_entry_community_id_email_key', ['community_id', 'email_key'], unique=False)
        batch_op.create_index('ix_roster_entry_community_id_phone_key', ['community_id', 'phone_key'], unique=False)

    op.create_table('household_word',
    sa.Column('household_id', sa.Integer(), nullable=False),
    sa.Column('word', storage.types.Plain(), nullable=False),
    sa.Column('community_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['community_id'], ['community.id'], name=op.f('fk_household_word_community_id')),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], name=op.f('fk_household_word_household_id')),
    sa.PrimaryKeyConstraint('household_id', 'word', name=op.f('pk_household_word'))
    )
    with op.batch_alter_table('household_word', schema=None) as batch_op:
        batch_op.create_index('ix_household_word_community_id_word', ['community_id', 'word', 'household_id'], unique=False)

    op.create_table('join_request',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('community_id', sa.Integer(), nullable=False),
    sa.Column('name', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('address', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('medium', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('contact', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('contact_key', sa.LargeBinary(), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('language', sqlmodel.sql.sqltypes.AutoString(), server_default='', nullable=False),
    sa.Column('created_at', storage.types.UTCDateTime(timezone=True), nullable=False),
    sa.Column('decided_at', storage.types.UTCDateTime(timezone=True), nullable=True),
    sa.Column('decision', sqlmodel.sql.sqltypes.AutoString(), server_default='', nullable=False),
    sa.Column('leader_id', sa.Integer(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['community_id'], ['community.id'], name=op.f('fk_join_request_community_id')),
    sa.ForeignKeyConstraint(['leader_id'], ['leader.id'], name=op.f('fk_join_request_leader_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_join_request'))
    )
    with op.batch_alter_table('join_request', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_join_request_community_id'), ['community_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_join_request_contact_key'), ['contact_key'], unique=False)

    op.create_table('roster_draft',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('community_id', sa.Integer(), nullable=False),
    sa.Column('leader_id', sa.Integer(), nullable=False),
    sa.Column('file_name', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=True),
    sa.Column('checked', sa.LargeBinary(), nullable=True),
    sa.Column('state', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('row_count', sa.Integer(), nullable=False),
    sa.Column('done_count', sa.Integer(), nullable=False),
    sa.Column('outcome', sa.JSON(), nullable=False),
    sa.Column('created_at', storage.types.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['community_id'], ['community.id'], name=op.f('fk_roster_draft_community_id')),
    sa.ForeignKeyConstraint(['leader_id'], ['leader.id'], name=op.f('fk_roster_draft_leader_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_roster_draft'))
    )
    with op.batch_alter_table('roster_draft', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_roster_draft_community_id'), ['community_id'], unique=False)

    op.create_table('undo',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('community_id', sa.Integer(), nullable=False),
    sa.Column('leader_id', sa.Integer(), nullable=False),
    sa.Column('words', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('changes', sa.JSON(), nullable=False),
    sa.Column('created_at', storage.types.UTCDateTime(timezone=True), nullable=False),
    sa.Column('taken_at', storage.types.UTCDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['community_id'], ['community.id'], name=op.f('fk_undo_community_id')),
    sa.ForeignKeyConstraint(['leader_id'], ['leader.id'], name=op.f('fk_undo_leader_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_undo'))
    )
    with op.batch_alter_table('undo', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_undo_community_id'), ['community_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_undo_created_at'), ['created_at'], unique=False)

    op.create_table('chat_member',
    sa.Column('chat', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('place', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('user_id', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.Column('community_id', sa.Integer(), nullable=False),
    sa.Column('at', storage.types.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['community_id'], ['community.id'], name=op.f('fk_chat_member_community_id')),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_chat_member_member_id')),
    sa.PrimaryKeyConstraint('chat', 'place', 'user_id', 'member_id', name=op.f('pk_chat_member'))
    )
    with op.batch_alter_table('chat_member', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_chat_member_community_id'), ['community_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_chat_member_member_id'), ['member_id'], unique=False)

    op.create_table('stay',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('community_id', sa.Integer(), nullable=False),
    sa.Column('household_id', sa.Integer(), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.Column('since', storage.types.UTCDateTime(timezone=True), nullable=False),
    sa.Column('until', storage.types.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['community_id'], ['community.id'], name=op.f('fk_stay_community_id')),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], name=op.f('fk_stay_household_id')),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_stay_member_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stay'))
    )
    with op.batch_alter_table('stay', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_stay_community_id'), ['community_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_stay_household_id'), ['household_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_stay_member_id'), ['member_id'], unique=False)

    op.create_table('new_contact',
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.Column('community_id', sa.Integer(), nullable=False),
    sa.Column('medium', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('contact', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('until', storage.types.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['community_id'], ['community.id'], name=op.f('fk_new_contact_community_id')),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_new_contact_member_id')),
    sa.PrimaryKeyConstraint('member_id', name=op.f('pk_new_contact'))
    )
    with op.batch_alter_table('new_contact', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_new_contact_community_id'), ['community_id'], unique=False)

    op.create_table('pairing',
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.Column('community_id', sa.Integer(), nullable=False),
    sa.Column('key_hash', sa.LargeBinary(), nullable=False),
    sa.Column('until', storage.types.UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['community_id'], ['community.id'], name=op.f('fk_pairing_community_id')),
    sa.ForeignKeyConstraint(['member_id'], ['member.id'], name=op.f('fk_pairing_member_id')),
    sa.PrimaryKeyConstraint('member_id', name=op.f('pk_pairing')),
    sa.UniqueConstraint('key_hash', name=op.f('uq_pairing_key_hash'))
    )
    with op.batch_alter_table('pairing', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_pairing_community_id'), ['community_id'], unique=False)

    op.create_table('invitation_group',
    sa.Column('invitation_id', sa.Integer(), nullable=False),
    sa.Column('group_id', sa.Integer(), nullable=False),
    sa.Column('community_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['community_id'], ['community.id'], name=op.f('fk_invitation_group_community_id')),
    sa.ForeignKeyConstraint(['group_id'], ['group.id'], name=op.f('fk_invitation_group_group_id')),
    sa.ForeignKeyConstraint(['invitation_id'], ['invitation.id'], name=op.f('fk_invitation_group_invitation_id')),
    sa.PrimaryKeyConstraint('invitation_id', 'group_id', name=op.f('pk_invitation_group'))
    )
    with op.batch_alter_table('invitation_group', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_invitation_group_community_id'), ['community_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_invitation_group_group_id'), ['group_id'], unique=False)

    with op.batch_alter_table('chat_link', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('uq_chat_link_chat_place'), type_='unique')
        batch_op.create_unique_constraint(batch_op.f('uq_chat_link_chat_place_community_id'), ['chat', 'place', 'community_id'])

    with op.batch_alter_table('community', schema=None) as batch_op:
        batch_op.add_column(sa.Column('may_ask', sa.Boolean(), server_default=sa.true(), nullable=False))
        batch_op.add_column(sa.Column('household_limit', sa.Integer(), server_default='12', nullable=False))
        batch_op.add_column(sa.Column('logo', sqlmodel.sql.sqltypes.AutoString(), server_default='', nullable=False))

    with op.batch_alter_table('group', schema=None) as batch_op:
        batch_op.add_column(sa.Column('name_key', sqlmodel.sql.sqltypes.AutoString(), server_default='', nullable=False))
        batch_op.drop_constraint(batch_op.f('uq_group_community_id_name'), type_='unique')
        batch_op.create_index('uq_group_name_key', ['community_id', 'name_key'], unique=True)

    with op.batch_alter_table('household', schema=None) as batch_op:
        batch_op.add_column(sa.Column('link_number', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('address_order', storage.types.Plain(), server_default='', nullable=False))
        batch_op.create_index('ix_household_community_id_address_order', ['community_id', 'address_order', 'id'], unique=False)

    op.add_column('invitation', sa.Column('roster_entry_id', sa.Integer(), sa.ForeignKey('roster_entry.id', name=op.f('fk_invitation_roster_entry_id')), nullable=True), inline_references=True)
    op.add_column('invitation', sa.Column('join_request_id', sa.Integer(), sa.ForeignKey('join_request.id', name=op.f('fk_invitation_join_request_id')), nullable=True), inline_references=True)
    with op.batch_alter_table('invitation', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_invitation_join_request_id'), ['join_request_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_invitation_roster_entry_id'), ['roster_entry_id'], unique=False)

    with op.batch_alter_table('leader', schema=None) as batch_op:
        batch_op.add_column(sa.Column('place', sqlmodel.sql.sqltypes.AutoString(), server_default='', nullable=False))
        batch_op.add_column(sa.Column('role', sqlmodel.sql.sqltypes.AutoString(), server_default='leader', nullable=False))
        batch_op.create_index('ix_leader_chat_place_user_id', ['chat', 'place', 'user_id'], unique=False)

    op.add_column('member', sa.Column('added_by_id', sa.Integer(), sa.ForeignKey('member.id', name=op.f('fk_member_added_by_id')), nullable=True), inline_references=True)
    with op.batch_alter_table('member', schema=None) as batch_op:
        batch_op.add_column(sa.Column('suspended_at', storage.types.UTCDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('is_hidden', sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.create_index('ix_member_community_id_joined_at', ['community_id', 'joined_at'], unique=False)
        batch_op.create_index('ix_member_suspended', ['community_id'], unique=False, sqlite_where=sa.text('suspended_at IS NOT NULL'), postgresql_where=sa.text('suspended_at IS NOT NULL'))
        batch_op.add_column(sa.Column('moved_at', storage.types.UTCDateTime(timezone=True), nullable=True))

    op.add_column('receipt', sa.Column('join_request_id', sa.Integer(), sa.ForeignKey('join_request.id', name=op.f('fk_receipt_join_request_id')), nullable=True), inline_references=True)
    op.add_column('receipt', sa.Column('roster_draft_id', sa.Integer(), sa.ForeignKey('roster_draft.id', name=op.f('fk_receipt_roster_draft_id')), nullable=True), inline_references=True)
    with op.batch_alter_table('receipt', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_receipt_join_request_id'), ['join_request_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_receipt_roster_draft_id'), ['roster_draft_id'], unique=False)

    op.add_column('receipt', sa.Column('handed_to_id', sa.Integer(), sa.ForeignKey('leader.id', name=op.f('fk_receipt_handed_to_id')), nullable=True), inline_references=True)

    op.add_column('draft', sa.Column('group_ids', sa.JSON(), server_default='[]', nullable=False))

    op.add_column('way_in', sa.Column('channel', sqlmodel.sql.sqltypes.AutoString(), server_default='', nullable=False))
    op.execute("UPDATE way_in SET channel = COALESCE((SELECT announce_channel FROM chat_link WHERE id = way_in.chat_link_id), '')")

    op.add_column('delivery', sa.Column('join_request_id', sa.Integer(), sa.ForeignKey('join_request.id', name=op.f('fk_delivery_join_request_id')), nullable=True), inline_references=True)
    with op.batch_alter_table('delivery', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_delivery_join_request_id'), ['join_request_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_delivery_member_id'), ['member_id'], unique=False)

    _fill()


def _fill():
    """What rows of before this revision need: who owns, where leaders are, what search looks at."""
    here = op.get_bind()
    here.execute(sa.text(
        "UPDATE leader SET place = COALESCE((SELECT MIN(chat_link.place) FROM chat_link"
        " WHERE chat_link.community_id = leader.community_id AND chat_link.chat = leader.chat), '')"
    ))
    here.execute(sa.text(
        "UPDATE leader SET role = 'owner' WHERE id IN"
        " (SELECT MIN(id) FROM leader WHERE removed_at IS NULL GROUP BY community_id)"
    ))
    # Whoever came in by their own way in is that member in this chat.
    here.execute(sa.text(
        "INSERT INTO chat_member (chat, place, user_id, member_id, community_id, at)"
        " SELECT chat_link.chat, chat_link.place, way_in.user_id, way_in.member_id,"
        " MIN(way_in.community_id), MIN(member.joined_at) FROM way_in"
        " JOIN chat_link ON chat_link.id = way_in.chat_link_id"
        " JOIN member ON member.id = way_in.member_id"
        " WHERE way_in.user_id IS NOT NULL"
        " GROUP BY chat_link.chat, chat_link.place, way_in.user_id, way_in.member_id"
    ))
    _normal_addresses(here)
    texts = {}
    inhabited = "EXISTS (SELECT 1 FROM member WHERE household_id = household.id AND removed_at IS NULL)"
    for home in here.execute(sa.text(f"SELECT id, community_id, address FROM household WHERE {inhabited}")):
        texts[home.id] = (home.community_id, [home.address])
    for person in here.execute(sa.text("SELECT household_id, name FROM member WHERE removed_at IS NULL")):
        texts[person.household_id][1].append(person.name)
    rows = [
        {"household_id": home, "word": word, "community_id": community}
        for home, (community, said) in texts.items()
        for word in sorted(findable_by(said))
    ]
    if rows:
        columns = (sa.column("household_id"), sa.column("word"), sa.column("community_id"))
        op.bulk_insert(sa.table("household_word", *columns), rows)


def _normal_addresses(here):
    """Compare addresses as this version does. Households that turn out to have one stay two, the
    later one under a key that no address has, until a leader merges them.
    """
    homes = here.execute(sa.text("SELECT id, community_id, address FROM household ORDER BY id")).all()
    taken, rows = set(), []
    for home in homes:
        key = address_key(home.address)
        order = address_order(key)
        key = f"{key} #{home.id}" if (home.community_id, key) in taken else key
        taken.add((home.community_id, key))
        rows.append({"home": home.id, "key": key, "order": order})
    if rows:
        here.execute(sa.text("UPDATE household SET address_key = '#' || CAST(id AS VARCHAR)"))
        here.execute(sa.text("UPDATE household SET address_key = :key, address_order = :order WHERE id = :home"), rows)


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table('way_in', schema=None) as batch_op:
        batch_op.drop_column('channel')

    with op.batch_alter_table('delivery', schema=None, table_kwargs={'sqlite_autoincrement': True}) as batch_op:
        batch_op.drop_index(batch_op.f('ix_delivery_member_id'))
        batch_op.drop_index(batch_op.f('ix_delivery_join_request_id'))
        batch_op.drop_column('join_request_id')

    with op.batch_alter_table('draft', schema=None) as batch_op:
        batch_op.drop_column('group_ids')

    with op.batch_alter_table('receipt', schema=None) as batch_op:
        batch_op.drop_column('handed_to_id')
        batch_op.drop_index(batch_op.f('ix_receipt_roster_draft_id'))
        batch_op.drop_index(batch_op.f('ix_receipt_join_request_id'))
        batch_op.drop_column('roster_draft_id')
        batch_op.drop_column('join_request_id')

    with op.batch_alter_table('member', schema=None) as batch_op:
        batch_op.drop_column('moved_at')
        batch_op.drop_index('ix_member_suspended')
        batch_op.drop_index('ix_member_community_id_joined_at')
        batch_op.drop_column('added_by_id')
        batch_op.drop_column('is_hidden')
        batch_op.drop_column('suspended_at')

    with op.batch_alter_table('leader', schema=None) as batch_op:
        batch_op.drop_index('ix_leader_chat_place_user_id')
        batch_op.drop_column('role')
        batch_op.drop_column('place')

    with op.batch_alter_table('invitation', schema=None, table_kwargs={'sqlite_autoincrement': True}) as batch_op:
        batch_op.drop_index(batch_op.f('ix_invitation_roster_entry_id'))
        batch_op.drop_index(batch_op.f('ix_invitation_join_request_id'))
        batch_op.drop_column('join_request_id')
        batch_op.drop_column('roster_entry_id')

    with op.batch_alter_table('household', schema=None) as batch_op:
        batch_op.drop_index('ix_household_community_id_address_order')
        batch_op.drop_column('address_order')
        batch_op.drop_column('link_number')

    with op.batch_alter_table('group', schema=None) as batch_op:
        batch_op.drop_index('uq_group_name_key')
        batch_op.create_unique_constraint(batch_op.f('uq_group_community_id_name'), ['community_id', 'name'])
        batch_op.drop_column('name_key')

    with op.batch_alter_table('community', schema=None) as batch_op:
        batch_op.drop_column('logo')
        batch_op.drop_column('household_limit')
        batch_op.drop_column('may_ask')

    with op.batch_alter_table('chat_link', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('uq_chat_link_chat_place_community_id'), type_='unique')
        batch_op.create_unique_constraint(batch_op.f('uq_chat_link_chat_place'), ['chat', 'place'])

    with op.batch_alter_table('invitation_group', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_invitation_group_group_id'))
        batch_op.drop_index(batch_op.f('ix_invitation_group_community_id'))

    op.drop_table('invitation_group')
    with op.batch_alter_table('pairing', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_pairing_community_id'))

    op.drop_table('pairing')
    with op.batch_alter_table('new_contact', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_new_contact_community_id'))

    op.drop_table('new_contact')
    with op.batch_alter_table('stay', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_stay_member_id'))
        batch_op.drop_index(batch_op.f('ix_stay_household_id'))
        batch_op.drop_index(batch_op.f('ix_stay_community_id'))

    op.drop_table('stay')
    with op.batch_alter_table('chat_member', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_chat_member_member_id'))
        batch_op.drop_index(batch_op.f('ix_chat_member_community_id'))

    op.drop_table('chat_member')
    with op.batch_alter_table('undo', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_undo_created_at'))
        batch_op.drop_index(batch_op.f('ix_undo_community_id'))

    op.drop_table('undo')
    with op.batch_alter_table('roster_draft', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_roster_draft_community_id'))

    op.drop_table('roster_draft')
    with op.batch_alter_table('join_request', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_join_request_contact_key'))
        batch_op.drop_index(batch_op.f('ix_join_request_community_id'))

    op.drop_table('join_request')
    with op.batch_alter_table('household_word', schema=None) as batch_op:
        batch_op.drop_index('ix_household_word_community_id_word')

    op.drop_table('household_word')
    with op.batch_alter_table('roster_entry', schema=None) as batch_op:
        batch_op.drop_index('ix_roster_entry_community_id_phone_key')
        batch_op.drop_index('ix_roster_entry_community_id_email_key')

    op.drop_table('roster_entry')
    op.drop_table('logo')
    with op.batch_alter_table('chat_choice', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_chat_choice_community_id'))

    op.drop_table('chat_choice')
    op.drop_table('billing_month')
